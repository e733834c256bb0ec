"""Network architectures: functions that return a keras.Model."""
