"""What makes supervision look twice at an emitter's year: rules as data, each with its source."""
