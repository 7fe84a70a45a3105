from mlops_policy import serve

serve()
