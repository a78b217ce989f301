"""No test asserts how long anything takes: hypothesis, too, sets no deadlines."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
