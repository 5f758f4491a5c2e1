"""Electronic invoices: EN 16931 inside the PDF (Factur-X) and as UBL."""
