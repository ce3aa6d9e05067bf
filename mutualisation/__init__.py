"""The portal: settings, addresses, pages that gather several applications."""
