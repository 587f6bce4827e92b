"""Pure values and rules. No I/O, no asyncio; the time is an argument."""
