"""The notes service keeps its people apart."""

from target import Notes

from isofuzz import isolation_test

TestNotes = isolation_test(Notes)
