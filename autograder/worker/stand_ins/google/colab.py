"""What notebooks from Colab import: drives that are not there, uploads that bring nothing."""


class drive:
    @staticmethod
    def mount(*_args, **_options):
        """Nothing is mounted."""


class files:
    @staticmethod
    def upload(*_args, **_options):
        return {}

    @staticmethod
    def download(*_args, **_options):
        """Nothing is downloaded."""
