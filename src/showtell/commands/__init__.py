"""Commands of the terminal: doctor, plan, show, why, agree, judge, gallery and exports."""
