"""What helps to share: tools, the words of the field, model agreements."""
