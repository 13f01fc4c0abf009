from dinh.config.messages import compile_messages


def pytest_configure() -> None:
    compile_messages()
