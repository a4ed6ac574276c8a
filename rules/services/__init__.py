"""What the rules floor does: releases, evaluation, tiers, tasks. Verbs that cross models; edges
call these."""
