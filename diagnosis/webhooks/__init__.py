"""Telling a person's programs that a study is finished: signed messages, owed by the database, sent by the worker."""
