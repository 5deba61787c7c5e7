"""The market's books rebuilt from events alone, to be compared with what the contracts say."""
