"""Administrative access to the components of a lab, over the control network."""
