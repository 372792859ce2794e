"""What the browser gets: trained networks, as scripts for the page of the explorer."""
