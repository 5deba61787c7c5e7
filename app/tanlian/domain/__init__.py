"""Values and rules of the carbon market; standard library only, no input or output."""
