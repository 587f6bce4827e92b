"""Floor 0: pure values and rules. No I/O, no asyncio; the time is an argument."""
