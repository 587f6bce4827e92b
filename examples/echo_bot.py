from asocial_client import Bot, Message

bot = Bot("Echo")


@bot.on_message
async def echo(message: Message) -> None:
    await bot.reply(message, message.text)


bot.run()
