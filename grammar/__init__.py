"""The grammar of the language, `lr.lark`: data."""
