"""Shows the weather of some cities, each at its place on the canvas: west is left, north is up.

The figures come from open-meteo.com, which needs no key. WEATHER_URL names another source of the same form.
"""

import asyncio
import json
import os
import urllib.request

from asocial_client import Bot

CITIES = {
    "Lisbon": (38.7, -9.1),
    "Berlin": (52.5, 13.4),
    "Nairobi": (-1.3, 36.8),
    "Tokyo": (35.7, 139.7),
    "Lima": (-12.0, -77.0),
}
PIXELS_PER_DEGREE = 6
SOURCE = os.environ.get("WEATHER_URL", "https://api.open-meteo.com/v1/forecast")

bot = Bot("Weather", color="azure", channel="weather")


def fetch(latitude: float, longitude: float) -> float:
    """The temperature now, in degrees Celsius."""
    url = f"{SOURCE}?latitude={latitude}&longitude={longitude}&current=temperature_2m"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return float(json.load(answer)["current"]["temperature_2m"])


@bot.every(60)
async def show() -> None:
    for city, (latitude, longitude) in CITIES.items():
        degrees = await asyncio.to_thread(fetch, latitude, longitude)
        await bot.say(f"{city} {degrees:.0f} °C", at=(longitude * PIXELS_PER_DEGREE, -latitude * PIXELS_PER_DEGREE))


if __name__ == "__main__":
    bot.run()
