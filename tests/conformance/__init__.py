"""The WebSocket endpoint before the Autobahn test suite: `python -m tests.conformance` (see docs/conformance.md)."""
