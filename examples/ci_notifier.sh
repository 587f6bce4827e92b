#!/bin/sh
# Posts the result of a build: ci_notifier.sh CHANNEL TEXT
# Needs ASOCIAL_URL (the server) and ASOCIAL_KEY (from `asocial keys create ci --channels 'build-*'`).
set -eu
text=$(printf '%s' "$2" | sed 's/[\\"]/\\&/g')
# With the same message_id, a second attempt posts nothing twice.
curl --fail-with-body --silent --show-error --retry 3 "$ASOCIAL_URL/api/channels/$1/messages" \
  -H "Authorization: Bearer $ASOCIAL_KEY" -d "{\"payload\": \"$text\", \"message_id\": \"ci-$(date +%s)-$$\"}"
