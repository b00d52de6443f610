"""The chat keeps its people apart."""

from target import Chat

from isofuzz import isolation_test

TestChat = isolation_test(Chat)
