"""The exchange's data plane (cổng trao đổi): its own process, no Django and no ORM."""
