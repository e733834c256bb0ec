from muslin.cli import main

main()
