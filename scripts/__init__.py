"""The front door: what stands behind the Makefile.

Standard library only, since it runs before anything is installed.
"""
