"""What programs use: every act, the lists of the desk, events; under /api/v1, with API keys."""
