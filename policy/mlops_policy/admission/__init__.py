"""Rules as the API server itself can judge them: ValidatingAdmissionPolicy objects."""
