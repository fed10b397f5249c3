"""How figures look: style, colours, panels and pictures."""
