"""The reference chat: the system on which isofuzz proves itself, its zoo of planted leaks, and its targets."""

from isofuzz_packs.chat.processes import ChatProcesses
from isofuzz_packs.chat.target import Chat

__all__ = ["Chat", "ChatProcesses"]
