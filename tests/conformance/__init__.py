"""The Autobahn test suite against the WebSocket endpoint: `python -m tests.conformance` (see docs/conformance.md)."""
