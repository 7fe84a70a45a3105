from mlops_stacks.program import main

main()
