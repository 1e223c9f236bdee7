"""What a process tells of itself to whoever runs it: traces, figures and logs; of people and clients nothing."""
