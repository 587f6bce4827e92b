"""HTTP and WebSocket on one port, by aiohttp."""
