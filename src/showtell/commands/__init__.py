"""Commands of the terminal: doctor, plan, show, why, judge, agree, gallery and exports."""
