"""The backend of KnowAlledge: a Flask application that writes learning content."""
