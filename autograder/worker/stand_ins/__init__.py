"""Modules that students import and nobody can install beside a current torch."""
