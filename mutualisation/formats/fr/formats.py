"""Québec: « 10 h 13 », never « 10:13 » (OQLF). What is typed, and files, keep their own forms."""

TIME_FORMAT = "G\u00a0\\h\u00a0i"
DATETIME_FORMAT = "j F Y, G\u00a0\\h\u00a0i"
SHORT_DATETIME_FORMAT = "Y-m-d, G\u00a0\\h\u00a0i"
