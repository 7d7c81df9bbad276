"""Members: who may sign in, which seats they have, what they may play, and where they play now."""
