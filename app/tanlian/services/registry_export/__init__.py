"""The registry in the shapes of other data protocols: CAD Trust and CDOP."""
