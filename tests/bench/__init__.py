"""Measurements: commands to run by name, never timed tests. Quote ratios to the baseline of the same run.

python -m tests.bench.posts     OpenRosa posts per second and p99, time from 201 to the child's evaluation
python -m tests.bench.engines   evaluations per second of each rule engine, memory after 100,000
python -m tests.bench.startup   `make run` from an empty cache to the first page, and again
"""
