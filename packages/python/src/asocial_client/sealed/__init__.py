"""Sealed channels: what is in a frame, only people with the channel's link can read (protocol.md, section 17).

link.py has the links and keys, box.py the encryption, content.py the checks of what others encrypted, and translator.py
turns the frames of a client into sealed ones and back. Nothing here opens a connection.
"""
