"""The app: people's studies, their states, the pages, the admin and the tasks."""
