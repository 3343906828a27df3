"""Messages of the desk to crews, hospitals and posts: who was shown them, who acknowledged, who replied."""
