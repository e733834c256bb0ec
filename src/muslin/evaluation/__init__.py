"""Pictures made by a model, judged: which measures apply, what they say in words, a page that shows the worst first."""
