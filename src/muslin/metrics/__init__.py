"""Measures of made pictures: functions of feature matrices or of pictures, each with an interval. No Keras."""
