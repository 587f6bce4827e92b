"""The wire: its frames (schema.py), their JSON (codec.py), and the WebSocket frames around that (framing.py)."""
