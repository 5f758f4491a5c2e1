"""What the front page reads, beside the explorer's answers: each query is bounded, whatever the number of charges."""
