"""Language servers: started when a file of their kind is touched, asked, and ended."""
