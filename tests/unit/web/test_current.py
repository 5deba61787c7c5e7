"""The block that a page names is one that all of it is up to."""

from sqlalchemy import update

from tanlian.readmodel.tables import checkpoint
from tanlian.web import current


def test_standing__tables_move_on_while_the_page_is_made__is_the_older(site) -> None:
    site.stand(block=7, time=70)
    with site.app.test_request_context():
        with current.tables():
            pass
        with site.tables.begin() as db:
            db.execute(update(checkpoint).values(block=8, block_time=80))
        assert (current.standing().block, current.standing().time) == (7, 70)
    with site.app.test_request_context():
        assert current.standing().block == 8
