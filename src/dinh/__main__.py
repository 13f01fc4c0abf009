from dinh.config.cli import main

main()
