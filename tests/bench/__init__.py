"""Speed, as ratios in one run against plain baselines whose code stands beside it. ``make bench`` prints them."""
