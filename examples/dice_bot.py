"""Rolls dice: write "!roll", "!roll 20" or "!roll 3d6" anywhere on the canvas."""

import random
import re

from asocial_client import Bot, Member, Message

bot = Bot("Dice", color="plum")


@bot.on_message
async def roll(message: Message) -> None:
    found = re.fullmatch(r"!roll(?: (?:(\d)d)?(\d{1,3}))?", message.text)
    if found is None:
        return
    count, sides = int(found[1] or 1), int(found[2] or 6)
    if count < 1 or sides < 2:
        await bot.reply(message, "a die has at least two sides")
        return
    rolled = [random.randint(1, sides) for _ in range(count)]
    total = f" = {sum(rolled)}" if count > 1 else ""
    await bot.reply(message, f"{message.name} rolled {' + '.join(map(str, rolled))}{total}")


@bot.on_join
async def greet(member: Member) -> None:
    await bot.say(f"Hello {member.name}, write !roll", at=(0, -60))


if __name__ == "__main__":
    bot.run()
