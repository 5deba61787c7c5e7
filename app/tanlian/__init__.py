"""Tanlian (碳链): the application side of a consortium carbon market."""
